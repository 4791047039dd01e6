/** Of at least twelve characters, what people choose most: the words and rows of keys that stand first in every list of leaks. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `123456789012 1234567890123 12345678901234 123456789123 0123456789012 1234567891011 123456123456 123123123123 112233445566 121212121212
  987654321098 111222333444 147258369147 password1234 password12345 password123456 passwordpassword password123! password2024
  password2025 password2026 mypassword123 mypassword1234 newpassword123 p@ssw0rd1234 p@ssword1234 passw0rd1234 passphrase12
  qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyqwerty qwerty123456 qwerty1234567 qwerty12345678 1qaz2wsx3edc 1qaz2wsx3edc4rfv
  qazwsxedcrfv q1w2e3r4t5y6 1q2w3e4r5t6y 1q2w3e4r5t6y7u zaq12wsxcde3 asdfghjkl123 asdfghjkl;'# zxcvbnm12345 asdfasdfasdf
  abcdefghijkl abcdefghijklm abcd12345678 abc123456789 a123456789012 abcabcabcabc abc123abc123 aa1234567890 administrator
  administrator1 administrator123 admin1234567 admin12345678 adminadmin12 adminadminadmin admin123admin adminpassword changemenow1
  changeme1234 changeme12345 changemechangeme letmein12345 letmein123456 letmeinletmein welcome12345 welcome123456 welcomewelcome
  iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch ilovemyfamily ilovemymother ilovemyself1 dragon123456 monkey123456
  football1234 baseball1234 basketball12 basketball123 superman1234 batman123456 princess1234 sunshine1234 starwars1234 pokemon12345
  trustno1trustno1 whatever1234 master123456 shadow123456 michael12345 charlie12345 computer1234 internet1234 secret123456
  secretsecret correcthorsebatterystaple holdfast1234 holdfastholdfast holdfastadmin postgres1234
  postgrespostgres backup123456 database1234 testtesttest test12345678 testpassword temp12345678 temporary123 default12345
  guest1234567 root12345678 rootroot1234 toor12345678 server123456 system123456 winter123456 summer123456 spring123456 autumn123456
  january12345 december1234 liverpool123 manchester12 manchesterunited barcelona123 realmadrid123 arsenal12345 alhamdulillah
  bismillah123 bismillah786 jesuschrist1 ilovejesus123 ihateyou1234`
    .split(/\s+/)
    .concat('correct horse battery staple'),
)

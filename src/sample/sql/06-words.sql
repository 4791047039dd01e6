-- What the rows are made of. Every value is a hash of the row's number, so the sample is the same each time.

-- A number from 0 to n - 1 for row i; `salt` tells one use from another.
CREATE FUNCTION pg_temp.pick(i bigint, salt integer, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT ((hashint8extended(i, salt) & 2147483647) % n)::integer $$;

-- A number from 0 to 1.
CREATE FUNCTION pg_temp.share(i bigint, salt integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS
  $$ SELECT (hashint8extended(i, salt) & 1048575) / 1048576.0::double precision $$;

-- A moment in the year that the sample covers.
CREATE FUNCTION pg_temp.moment(i bigint, salt integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
  $$ SELECT to_timestamp(1761955200 + (hashint8extended(i, salt) & 2147483647) % 31536000) $$;

CREATE FUNCTION pg_temp.hex(i bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT lpad(to_hex(hashint8extended(i, salt)), 16, '0') $$;

-- Bytes that do not compress, 32 for each step.
CREATE FUNCTION pg_temp.noise(i bigint, steps integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS
  $$ SELECT string_agg(sha256(int8send(i) || int4send(k)), '' ORDER BY k) FROM generate_series(1, steps) AS k $$;

CREATE TEMPORARY TABLE words (
  locale text PRIMARY KEY, country text, currency text, gap text, given text[], family text[], cities text[], things text[], phrases text[]
);

INSERT INTO words VALUES
('en', 'GB', 'GBP', ' ', '{Olivia,Noah,Amelia,George,Isla,Arthur,Freya,Leo,Ivy,Oscar,Zoë}', '{Smith,Jones,O''Brien,Taylor,"de Vere",Evans,Clarke,Hughes,Okafor,Patel}',
  '{London,Leeds,Bristol,Glasgow}', '{"Walking boots","Reading lamp","Oak shelf","Garden chair","Wool blanket",Teapot}',
  ARRAY['Asked whether delivery can be moved to the evening.', 'Wants an invoice with the new address; promised for Monday.', 'Very happy with the last order 😀', E'Called twice.\n\tCall back before noon.', 'Path on their side: C:\new\table, no idea why \N shows up.']),
('de', 'DE', 'EUR', ' ', '{Emma,Ben,Mia,Jürgen,Lena,Günther,Zoë,Jörg,Anneliese,Max}', '{Müller,Weiß,Schäfer,"von Böhm",Krüger,Großmann,Yılmaz,Özdemir,Jäger,Voß}',
  '{Köln,München,Görlitz,Weißenfels}', '{Fahrradschloss,Lesebrille,Regenjacke,Werkzeugkoffer,Türschild,Gießkanne}',
  ARRAY['Rückruf erbeten, am besten nach 17 Uhr.', 'Möchte auf Rechnung zahlen – geprüft, in Ordnung.', 'Straße geändert, bitte Stammdaten prüfen!', 'Größe passt nicht, Umtausch läuft.']),
('ar', 'AE', 'AED', ' ', '{محمد,فاطمة,عبدالله,مريم,خالد,نورة,يوسف,ليلى,عمر,هدى}', '{الأنصاري,بن زايد,الحسيني,المنصوري,القاسمي,النجار,الخطيب,حداد,"أبو بكر",شاهين}',
  '{دبي,الشارقة,القاهرة,عمّان}', '{"عود هندي","بخور فاخر","سجادة صلاة","تمر مجدول","إبريق شاي","مسبحة كهرمان"}',
  ARRAY['طلب العميل تغيير عنوان التوصيل.', 'تم الاتفاق على خصم ١٥٪ حتى نهاية الشهر.', 'سيتصل بنا غدًا بعد صلاة العصر.', 'يفضّل التواصل عبر واتساب 📱']),
('zh', 'CN', 'CNY', '', '{伟,芳,娜,敏,静,秀英,丽,强,磊,洋}', '{王,李,张,刘,陈,杨,赵,黄,欧阳,司马}',
  '{上海,杭州,成都,西安}', '{龙井茶,普洱茶饼,紫砂壶,青瓷杯,丝绸围巾,云服务器}',
  ARRAY['客户要求周五前送达。', '发票抬头已更改，请注意。', '对包装很满意，下次还会再买👍', '电话无人接听，改发微信。']),
('fr', 'FR', 'EUR', ' ', '{Chloé,Gabriel,Léa,Raphaël,Inès,Hélène,Anaïs,Noël,Maëlys,Gaël}', '{Lefèvre,"de La Tour",Benoît,Garçon,Sørensen,"N''Diaye",Château,Müller,Rivière,Prévôt}',
  '{Paris,Nîmes,Orléans,Besançon}', '{"Café moulu","Thé à la menthe","Pâte d''amande","Plateau en cuivre","Théière","Tajine"}',
  ARRAY['Souhaite être livrée à l''étage.', 'Réclamation réglée, geste commercial de 10 %.', 'À rappeler après les congés d''été.', 'Préfère l''e-mail, pas d''appel.']),
('ja', 'JP', 'JPY', ' ', '{翔太,さくら,健一,陽子,大輔,美咲,蓮,結衣,直樹,あかり}', '{佐藤,鈴木,髙橋,田中,渡邊,伊藤,山本,中村,小林,齋藤}',
  '{東京,京都,札幌,那覇}', '{万年筆,和紙ノート,消しゴム,修正テープ,ﾎﾞｰﾙﾍﾟﾝ,手帳カバー}',
  ARRAY['納期を一週間延ばしてほしいとのこと。', '請求書は再発行済み。', 'とても満足とのご連絡をいただいた🌸', '折り返し電話をお願いします。']),
('es', 'ES', 'EUR', ' ', '{Lucía,Hugo,Sofía,José,María,Iñaki,Begoña,Ángel,Rocío,Ñuño}', '{García,Muñoz,Peña,"de la Cruz",Ibáñez,Núñez,Vázquez,Güell,Ruiz,Ordóñez}',
  '{Sevilla,Logroño,Cádiz,"A Coruña"}', '{"Filtro de aceite","Pastillas de freno","Batería","Bujía","Correa","Amortiguador"}',
  ARRAY['¿Puede recogerlo el sábado?', 'Pagó en efectivo, falta el recibo.', 'Quiere presupuesto para la flota completa.', 'Llamó por la garantía; se envió copia.']),
('pl', 'PL', 'PLN', ' ', '{Zofia,Łukasz,Małgorzata,Paweł,Żaneta,Michał,Święta,Grażyna,Wójciech,Ola}', '{Wójcik,Kowalczyk,Dąbrowski,Żółtowski,Błaszczyk,Świerczyńska,Nowak,Łęcki,Ćwik,Gąsior}',
  '{Łódź,Kraków,Gdańsk,Żory}', '{"Klocki drewniane","Pluszowy miś","Układanka","Hulajnoga","Gra planszowa","Bączek"}',
  ARRAY['Prosi o dostawę przed świętami.', 'Zwrot przyjęty, środki odesłane.', 'Dzwonić wyłącznie po południu.', 'Bardzo zadowolona z obsługi!']),
('he', 'IL', 'ILS', ' ', '{נועה,דוד,יעל,אורי,תמר,יוסף,מאיה,איתן,שירה,רון}', '{כהן,לוי,מזרחי,פרץ,ביטון,אברהם,פרידמן,"בן דוד",אזולאי,שפירא}',
  '{חיפה,ירושלים,"תל אביב","באר שבע"}', '{"ספר שירה",מילון,"לוח שנה",מחברת,"עט נובע","מפת קיר"}',
  ARRAY['ביקשה לדחות את המשלוח ליום ראשון.', 'שולם במזומן, נשלחה קבלה.', 'מעדיף דואר אלקטרוני.', 'לקוחה ותיקה, הנחה קבועה.']),
('pt', 'BR', 'BRL', ' ', '{João,Conceição,Antônio,Luíza,Otávio,Inês,Mônica,Sebastião,Flávia,Caetano}', '{Gonçalves,"dos Santos",Araújo,Magalhães,"da Conceição",Simões,Brandão,Falcão,Leão,Patrício}',
  '{"São Paulo",Goiânia,Maceió,"Ribeirão Preto"}', '{"Bandeja de ipê","Colher de pau","Móbile","Luminária","Gravura","Cerâmica"}',
  ARRAY['Pediu nota fiscal com outro CNPJ.', 'Não estava em casa; nova entrega amanhã.', 'Adorou a embalagem 💚', 'Aguardando aprovação do orçamento.']),
('el', 'GR', 'EUR', ' ', '{Γιώργος,Μαρία,Νίκος,Ελένη,Δημήτρης,Σοφία,Ιωάννης,Κατερίνα,Θάνος,Άννα}', '{Παπαδόπουλος,Οικονόμου,Γεωργίου,Νικολάου,Ιωάννου,Αγγέλου,Χριστοδούλου,Δήμου,Σταύρου,Βλάχος}',
  '{Αθήνα,Πάτρα,Χανιά,Βόλος}', '{"Χρώμα λαδιού",Πινέλο,Καμβάς,Φωτιστικό,Κορνίζα,Κερί}',
  ARRAY['Ζήτησε αλλαγή διεύθυνσης.', 'Το τιμολόγιο εστάλη ξανά.', 'Θα περάσει να το παραλάβει.', 'Πολύ ευχαριστημένη!']),
('hi', 'IN', 'INR', ' ', '{आरव,दीया,विवान,अनन्या,आदित्य,मीरा,कबीर,ईशा,रोहन,तारा}', '{शर्मा,वर्मा,सिंह,गुप्ता,मेहता,चौधरी,त्रिपाठी,नायर,राव,जोशी}',
  '{दिल्ली,जयपुर,लखनऊ,पुणे}', '{"पश्मीना शॉल","पीतल का दीया","मसाला डिब्बा","ऊनी टोपी","अगरबत्ती","चाय"}',
  ARRAY['डिलीवरी का पता बदलना है।', 'जीएसटी बिल दोबारा भेजा गया।', 'बहुत संतुष्ट ग्राहक 🙏', 'शाम छह बजे के बाद फ़ोन करें।']);

CREATE TEMPORARY TABLE companies (id integer PRIMARY KEY, slug text, name text, locale text, plan text);

INSERT INTO companies VALUES
(1, 'anker-sohn', 'Anker & Sohn Fahrräder', 'de', 'business'),
(2, 'blue-heron', 'Blue Heron Books', 'en', 'business'),
(3, 'nakheel', 'متجر النخيل', 'ar', 'business'),
(4, 'qingshan', '青山茶社', 'zh', 'enterprise'),
(5, 'cafe-medina', 'Café Médina', 'fr', 'team'),
(6, 'fjord-fell', 'Fjord & Fell Outdoor', 'en', 'team'),
(7, 'sakura', 'さくら文具店', 'ja', 'team'),
(8, 'olive-thyme', 'Olive & Thyme', 'en', 'free'),
(9, 'bayt-al-oud', 'بيت العود', 'ar', 'team'),
(10, 'rocio', 'Talleres Rocío', 'es', 'free'),
(11, 'zabawki', 'Świat Zabawek', 'pl', 'team'),
(12, 'yunshang', '云上科技', 'zh', 'enterprise'),
(13, 'nordlicht', 'Nordlicht Optik', 'de', 'team'),
(14, 'sunny-side', 'Sunny Side ☀️ Garden', 'en', 'free'),
(15, 'hasfarim', 'חנות הספרים', 'he', 'free'),
(16, 'ipe', 'Ateliê Ipê', 'pt', 'team'),
(17, 'chroma', 'Χρώμα & Φως', 'el', 'free'),
(18, 'himalaya', 'हिमालय ट्रेडर्स', 'hi', 'team'),
(19, 'last-button', 'The Last Button', 'en', 'free'),
(20, 'oneill', 'O''Neill "Back\slash" Ltd', 'en', 'free');

import { lazy, StrictMode, Suspense, useState } from 'react'
import { createRoot } from 'react-dom/client'

/** Loaded when somebody goes there, with its styles. */
const Backups = lazy(() => import('./backups.tsx'))

const orders = [
  { number: 'S-1041', customer: 'Mariam Khoury', total: '48.00' },
  { number: 'S-1042', customer: 'Jonas Weber', total: '112.50' },
  { number: 'S-1043', customer: 'Huda Rahman', total: '19.90' },
]

function Shop() {
  const [page, setPage] = useState<'orders' | 'backups'>('orders')
  const [language, setLanguage] = useState<'en' | 'ar'>('en')
  const [theme, setTheme] = useState<'light' | 'dark'>('light')
  return (
    <div className="admin">
      <header>
        <strong>Saffron &amp; Salt</strong>
        <span>
          <label>
            Language{' '}
            <select
              value={language}
              onChange={(event) => setLanguage(event.target.value === 'ar' ? 'ar' : 'en')}
            >
              <option value="en">English</option>
              <option value="ar">العربية</option>
            </select>
          </label>
          <label>
            Theme{' '}
            <select
              value={theme}
              onChange={(event) => setTheme(event.target.value === 'dark' ? 'dark' : 'light')}
            >
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </select>
          </label>
        </span>
      </header>
      <div className="grid p-4">
        <nav aria-label="Administration">
          {(['orders', 'backups'] as const).map((one) => (
            <button
              key={one}
              type="button"
              aria-current={one === page ? 'page' : undefined}
              onClick={() => setPage(one)}
            >
              {one}
            </button>
          ))}
        </nav>
        <main>
          <h1>{page}</h1>
          {page === 'orders' ? (
            <table>
              <tbody>
                {orders.map(({ number, customer, total }) => (
                  <tr key={number}>
                    <th scope="row">
                      <a href={`#${number}`}>{number}</a>
                    </th>
                    <td>{customer}</td>
                    <td>{total}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <Suspense fallback={<p>Loading…</p>}>
              <Backups language={language} theme={theme} />
            </Suspense>
          )}
        </main>
      </div>
      <footer className="border p-4">Saffron &amp; Salt, since 1987</footer>
    </div>
  )
}

const place = document.getElementById('shop')
if (place !== null)
  createRoot(place).render(
    <StrictMode>
      <Shop />
    </StrictMode>,
  )

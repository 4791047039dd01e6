import { useTranslation } from 'react-i18next'
import { useFormat } from './format.ts'
import { useNow } from './now.ts'
import type { Overview } from './types.ts'

type Figure = Pick<
  Overview['storage'][number],
  'usedBytes' | 'capacityBytes' | 'bytesPerDay' | 'fullInSeconds'
>

const soonSeconds = 60 * 86_400

/** What is used of a storage, and how it goes on. `soon`: it is full within two months. */
export function useStorageWords(): (of: Figure) => { used: string; forecast: string; soon: boolean } {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  return ({ usedBytes, capacityBytes, bytesPerDay, fullInSeconds }) => {
    const used =
      capacityBytes === null
        ? format.bytes(usedBytes)
        : t('storage.usedOf', { used: format.bytes(usedBytes), all: format.bytes(capacityBytes) })
    const soon = fullInSeconds !== null && fullInSeconds < soonSeconds
    const forecast =
      fullInSeconds !== null
        ? t('storage.fullIn', {
            when: format.relative(new Date(now.getTime() + fullInSeconds * 1000), now),
          })
        : bytesPerDay === null
          ? t('storage.noForecast')
          : bytesPerDay <= 0
            ? t('storage.notGrowing')
            : t('storage.perDay', { bytes: format.bytes(bytesPerDay) })
    return { used, forecast, soon }
  }
}

import { openMemoryStorage } from '../../src/storage/memory.ts'
import { storageConformance } from './conformance.ts'

storageConformance('memory', async () => openMemoryStorage())

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CommandContext } from '../../src/cli/command.ts'
import { askSecret, askText, type Terminal } from '../../src/cli/prompt.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { newPassphrase } from '../../src/cli/secrets.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'

/** A terminal on which each question gets the next answer, typed as these pieces. It echoes while it is not raw. */
function terminal(...answers: string[][]) {
  const state = { raw: false, flowing: false, shown: '', asked: 0 }
  const input = Object.assign(new EventEmitter(), {
    setRawMode: (raw: boolean) => void (state.raw = raw),
    setEncoding: () => undefined,
    resume() {
      state.flowing = true
      void type(answers[state.asked++] ?? [])
    },
    pause: () => void (state.flowing = false),
  })
  async function type(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await nextTurn()
      if (!state.raw) state.shown += piece
      input.emit('data', piece)
    }
  }
  const output = {
    write(text: string) {
      // Who is quick, or a program, types as soon as the question is there.
      if (text !== '\n') assert.ok(state.raw, 'asked while keys are still shown')
      state.shown += text
    },
  }
  const interruption = new AbortController()
  const screen = { input, output, signal: interruption.signal } as unknown as Terminal
  return { state, input, interruption, screen }
}

/** As it was before the question: nothing is listened for, and keys are shown again. */
function assertGivenBack({ state, input }: ReturnType<typeof terminal>): void {
  assert.deepEqual([state.raw, state.flowing, input.eventNames()], [false, false, []])
}

test('an answer is read to the end of its line, and never shown', async () => {
  for (const [pieces, answer] of [
    [['s', 'e', 'cret', '\r'], 'secret'],
    [['pasted at once\n'], 'pasted at once'],
    [['Größe 表 😀\r'], 'Größe 表 😀'],
    [['wrong', '\u0015', 'right', '\r'], 'right'],
    [['abx', '\u007f', 'c😀', '\b', '\r'], 'abc'],
    [['tab\tand\u001besc', '\r'], 'tabandesc'],
    [['\r'], ''],
  ] as const) {
    const here = terminal([...pieces])
    assert.equal(await askSecret('Passphrase: ', here.screen), answer)
    assert.equal(here.state.shown, 'Passphrase: \n')
    assertGivenBack(here)
  }
})

test('a text is shown while it is typed, and what is taken back goes', async () => {
  for (const [pieces, answer, shown] of [
    [['sh', 'op\r'], 'shop', 'shop'],
    [['ab', '\u007f', 'c\r'], 'ac', 'ab\b \bc'],
    [['表', '\u0015', 'x\r'], 'x', '表\b \b\b \bx'],
    [['\b\r'], '', ''],
  ] as const) {
    const here = terminal([...pieces])
    assert.equal(await askText('Name: ', here.screen), answer)
    assert.equal(here.state.shown, `Name: ${shown}\n`)
    assertGivenBack(here)
  }
})

test('Ctrl-C and Ctrl-D in an answer cancel, and give the terminal back', async () => {
  for (const key of ['\u0003', '\u0004']) {
    const here = terminal(['half', key, 'rest\r'])
    await assert.rejects(askSecret('Passphrase: ', here.screen), (error) =>
      isHoldfastError(error, 'cancelled'),
    )
    assert.equal(here.state.shown.startsWith('Passphrase: \n'), true)
    assert.doesNotMatch(here.state.shown, /half/)
    assertGivenBack(here)
  }
})

test('a signal, and a terminal that is gone, cancel a question that is open', async () => {
  for (const happens of [
    ({ interruption }: ReturnType<typeof terminal>) => interruption.abort(),
    ({ input }: ReturnType<typeof terminal>) => input.emit('end'),
  ]) {
    const here = terminal(['half'])
    const asked = askSecret('Passphrase: ', here.screen)
    await nextTurn()
    happens(here)
    await assert.rejects(asked, (error) => isHoldfastError(error, 'cancelled'))
    assertGivenBack(here)
  }
  const late = terminal(['secret\r'])
  late.interruption.abort()
  await assert.rejects(askSecret('Passphrase: ', late.screen), (error) => isHoldfastError(error, 'cancelled'))
  assert.equal(late.state.shown, '', 'not even asked')
})

/** What a command knows of the world, as far as a new passphrase needs it. */
function contextOf({ screen }: ReturnType<typeof terminal>): CommandContext {
  const ask = (question: string) => askSecret(question, screen)
  return { env: {}, redactor: createRedactor(), ask } as unknown as CommandContext
}

test('a new passphrase is asked for twice, and must be the same', async () => {
  const same = terminal(['correct horse\r'], ['correct horse\r'])
  const context = contextOf(same)
  assert.equal(await newPassphrase(context, undefined), 'correct horse')
  assert.equal(same.state.shown, 'New passphrase: \nThe same again: \n')
  assert.equal(context.redactor.redact('correct horse'), '***')
  assertGivenBack(same)

  for (const [first, second] of [
    ['one\r', 'other\r'],
    ['\r', '\r'],
  ] as const) {
    const here = terminal([first], [second])
    await assert.rejects(newPassphrase(contextOf(here), undefined), (error) =>
      isHoldfastError(error, 'usage'),
    )
    assert.equal(here.state.asked, 2)
  }
})

test('Ctrl-C at the second question cancels: no passphrase is taken', async () => {
  const here = terminal(['correct horse\r'], ['corr', '\u0003'])
  await assert.rejects(newPassphrase(contextOf(here), undefined), (error) =>
    isHoldfastError(error, 'cancelled'),
  )
  assertGivenBack(here)
})

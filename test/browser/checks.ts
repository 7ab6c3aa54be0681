/** Counts what held and what did not; says each that did not. */
export class Checks {
  passed = 0
  failed = 0

  ok(held: boolean, what: string): void {
    if (held) this.passed++
    else {
      this.failed++
      process.stdout.write(`FAIL ${what}\n`)
    }
  }

  equal(found: unknown, wanted: unknown, what: string): void {
    const [one, two] = [JSON.stringify(found), JSON.stringify(wanted)]
    this.ok(one === two, `${what}: ${one?.slice(0, 400)} instead of ${two?.slice(0, 400)}`)
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`)
  }
}

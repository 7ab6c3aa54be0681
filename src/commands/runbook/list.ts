import {StanchCommand} from '../../cli/base-command.ts'
import {shippedFolder} from '../../cli/runbook-folder.ts'
import {rows} from '../../cli/rows.ts'

export interface RunbookList {
  readonly runbooks: readonly {
    readonly id: string
    readonly title: string
    readonly leak: string
    readonly version: number
    readonly sha256: string
  }[]
}

export default class ListRunbooks extends StanchCommand {
  static override summary = 'the shipped runbooks, one for each kind of leak'
  static override examples = [
    {description: 'which ones are there?', command: '<%= config.bin %> runbook list'},
    {description: 'with their hashes, for a script', command: '<%= config.bin %> runbook list --json'},
  ]

  async run(): Promise<RunbookList> {
    await this.parse(ListRunbooks)
    const {loadRunbook, shippedRunbooks} = await import('../../runbooks/load.ts')
    const folder = shippedFolder(this.config.root)
    const loaded = await Promise.all(shippedRunbooks(folder).map((id) => loadRunbook(id, folder)))
    const runbooks = loaded.map(({id, title, leak, version, sha256}) => ({id, title, leak, version, sha256}))
    this.print(
      await rows(
        ['id', 'leak', 'title'],
        runbooks.map((one) => [one.id, one.leak, one.title]),
      ),
    )
    return {runbooks}
  }
}

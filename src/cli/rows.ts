/** Rows under their titles for this terminal; nothing is cut: in one, long cells go on in the next line. */
export async function rows(titles: readonly string[], cells: readonly (readonly string[])[]): Promise<string[]> {
  const {table} = await import('../terminal/table.ts')
  const width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) : 1000
  return table(cells, {columns: titles.map((title, i) => ({title, keep: i === 0, wrap: true})), width})
}

/** @throws TypeError `Expected \`name\` to be ..., got ...` */
export function checkOption(name: string, value: number, valid: boolean, expected: string): void {
  if (!valid) throw new TypeError(`Expected \`${name}\` to be ${expected}, got ${value}`)
}

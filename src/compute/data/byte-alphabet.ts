/**
 * Bytes as the printable characters that stand for them in byte-level vocabularies (Radford et al. 2019, encoder.py of
 * GPT-2): printable ones for themselves, the others for the characters from U+0100 on. One character for each byte.
 */
export function byteAlphabet(): readonly string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCodePoint(printable ? byte : next++)
  })
}

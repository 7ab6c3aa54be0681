/** Bytes as text and back, without anything that only one kind of machine has. */

const encoder = new TextEncoder()

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const HEX = Array.from({length: 256}, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower case. */
export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Value of a hex digit, by its code. */
const DIGIT = Uint8Array.from({length: 128}, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 0 : value
})

/** Writes what hex says into bytes that are there. @param hex an even number of hex digits */
export function fillFromHex(bytes: Uint8Array, at: number, hex: string): void {
  for (let i = 0; i < hex.length; i += 2)
    bytes[at + i / 2] = ((DIGIT[hex.charCodeAt(i)] ?? 0) << 4) | (DIGIT[hex.charCodeAt(i + 1)] ?? 0)
}

/** @param hex an even number of hex digits */
export function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2)
  fillFromHex(bytes, 0, hex)
  return bytes
}

/** RFC 4648 section 4, with padding. Of hashes, keys and signatures: at most some thousand bytes. */
export function base64Of(bytes: Uint8Array): string {
  return btoa(Reflect.apply(String.fromCharCode, undefined, bytes))
}

/** The bytes, if `text` is base64 with padding and nothing else: one spelling per value. */
export function strictBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    return undefined
  }
  if (btoa(binary) !== text) return undefined
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

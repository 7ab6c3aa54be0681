import {generateKeyPair, randomBytes} from 'node:crypto'
import {promisify} from 'node:util'

/** A certificate and its key, PEM. The certificate is its own authority: it is what `STANCH_CA_FILE` names. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const DAY_MS = 86_400_000
/** How long it is good for, days: practice ends before that. */
const DAYS = 7

/**
 * A self-signed certificate for 127.0.0.1 and localhost, good for a week. The key comes from Node; the library only
 * writes the certificate.
 *
 * @param now milliseconds; the machine's clock, since TLS is checked against that one
 */
export async function loopbackCertificate(now: number): Promise<Certificate> {
  const {publicKey, privateKey} = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: {type: 'spki', format: 'pem'},
    privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
  })
  const {default: forge} = await import('node-forge')
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // positive and not empty, as RFC 5280 4.1.2.2 wants it
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`
  // an hour back: clocks differ
  certificate.validity.notBefore = new Date(now - DAY_MS / 24)
  certificate.validity.notAfter = new Date(now + DAYS * DAY_MS)
  const name = [{name: 'commonName', value: 'stanch simulated tenant'}]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions([
    {name: 'basicConstraints', cA: true, critical: true},
    {name: 'keyUsage', digitalSignature: true, keyEncipherment: true, keyCertSign: true, critical: true},
    {name: 'extKeyUsage', serverAuth: true},
    {
      name: 'subjectAltName',
      altNames: [
        {type: 7, ip: '127.0.0.1'},
        {type: 2, value: 'localhost'},
      ],
    },
  ])
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())
  return {key: privateKey, cert: forge.pki.certificateToPem(certificate)}
}

import {spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import type {TestContext} from 'node:test'

/** A time-stamping authority on this machine, made with openssl. */
export interface Authority {
  /** PEM of its root. */
  readonly ca: string
  stamp(request: Uint8Array): Buffer
  /** Serves `stamp` on loopback. */
  serve(answer?: {type?: string; status?: number; body?: Uint8Array}): Promise<string>
}

const CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = A test authority
[ca]
basicConstraints = critical,CA:true
[tsa]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ts]
default_tsa = tsa_config
[tsa_config]
serial = serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
accuracy = secs:1
`

export function authority(t: TestContext, folder: string, name = 'tsa'): Authority {
  const at = path.join(folder, name)
  mkdirSync(at, {recursive: true})
  const run = (...argv: string[]) => {
    const ran = spawnSync('openssl', argv, {cwd: at})
    if (ran.status !== 0) throw new Error(`openssl ${argv.join(' ')}: ${ran.stderr.toString('utf8')}`)
  }
  writeFileSync(path.join(at, 'conf'), CONFIG)
  writeFileSync(path.join(at, 'serial'), '01')
  run(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-config',
    'conf',
    '-extensions',
    'ca',
  )
  run(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'tsa.key',
    '-out',
    'tsa.csr',
    '-config',
    'conf',
    '-subj',
    '/CN=stamps',
  )
  run(
    'x509',
    '-req',
    '-in',
    'tsa.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'tsa.pem',
    '-days',
    '2',
    '-extfile',
    'conf',
    '-extensions',
    'tsa',
  )
  const stamp = (request: Uint8Array) => {
    writeFileSync(path.join(at, 'request.tsq'), request)
    run(
      'ts',
      '-reply',
      '-queryfile',
      'request.tsq',
      '-signer',
      'tsa.pem',
      '-inkey',
      'tsa.key',
      '-chain',
      'ca.pem',
      '-config',
      'conf',
      '-section',
      'tsa_config',
      '-out',
      'response.tsr',
    )
    return readFileSync(path.join(at, 'response.tsr'))
  }
  return {
    ca: path.join(at, 'ca.pem'),
    stamp,
    serve: (answer = {}) =>
      new Promise((resolve) => {
        const server = createServer((request, response) => {
          const parts: Buffer[] = []
          request.on('data', (part: Buffer) => parts.push(part))
          request.on('end', () => {
            response.writeHead(answer.status ?? 200, {'content-type': answer.type ?? 'application/timestamp-reply'})
            response.end(answer.body ?? stamp(Buffer.concat(parts)))
          })
        })
        t.after(() => server.close())
        server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
      }),
  }
}

import {parseOrigin} from '../../src/auth0/origin.ts'
import {Tenant} from '../../src/auth0/tenant.ts'
import {StanchError} from '../../src/errors.ts'
import {silentLogger} from '../../src/logger.ts'
import {instantClock, OPERATOR} from './support.ts'

// One token request in a process of its own: what the environment does is decided when Node starts.
const [origin = '', ca = ''] = process.argv.slice(2)
try {
  const tenant = await Tenant.connect({
    origin: parseOrigin(origin),
    credential: OPERATOR,
    clock: instantClock(),
    logger: silentLogger,
    userAgent: 'stanch/test',
    ...(ca !== '' && {ca}),
  })
  await tenant.operator()
  await tenant.close()
  process.stdout.write('granted\n')
} catch (error) {
  process.stdout.write(`${error instanceof StanchError ? error.code : String(error)}\n`)
}

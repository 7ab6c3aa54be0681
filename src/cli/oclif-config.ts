import type {Config} from '@oclif/core/config'

/** The part of oclif's configuration that is used: folders, version, and the list of commands for completion. */
export type OclifConfig = Pick<Config, 'dataDir' | 'configDir' | 'cacheDir' | 'version' | 'root' | 'commands' | 'bin'>

import { browserPlatform } from './browser';
import { definePlatform } from './client/platform';

definePlatform(browserPlatform);

export * from './public';

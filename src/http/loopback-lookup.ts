/**
 * The address of names below `localhost`: this machine's, whatever a resolver says (RFC 6761, section 6.3), as curl and browsers
 * have it. A registry of this machine is spoken to without TLS, so that no other machine may take its name.
 */

import { lookup as ask } from 'node:dns';
import type { LookupFunction } from 'node:net';

const loopback = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export const lookup: LookupFunction = (hostname, options, callback) => {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) ask(hostname, options, callback);
  else if (options.all) callback(null, loopback);
  else if (options.family === 6 || options.family === 'IPv6') callback(null, '::1', 6);
  else callback(null, '127.0.0.1', 4);
};

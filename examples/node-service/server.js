import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  if (request.url === '/health') response.end('ok\n');
  else response.end(`Hello from ${process.env.HOSTNAME ?? 'a container'}\n`);
});

server.listen(Number(process.env.PORT ?? 3000), () => {
  const address = server.address();
  console.log(`listening on port ${typeof address === 'object' ? address?.port : address}`);
});

// A container is stopped with SIGTERM: answer what was asked, then end.
process.once('SIGTERM', () => server.close());

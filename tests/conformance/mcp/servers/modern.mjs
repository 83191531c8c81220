// A server of the modern era, for tests.
// Usage: node modern.mjs stdio | http PORT
import {createServer} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import {toNodeHandler} from '@modelcontextprotocol/node';
import {createMcpHandler, McpServer} from '@modelcontextprotocol/server';
import {serveStdio} from '@modelcontextprotocol/server/stdio';
import * as z from 'zod/v4';

const text = value => ({content: [{type: 'text', text: value}]});

function build(context) {
  const server = new McpServer(
    {name: 'modern', version: '1.0.0'},
    {capabilities: {tools: {listChanged: true}}, instructions: 'Be kind.'});
  server.registerTool(
    'greet', {inputSchema: z.object({name: z.string()})},
    async ({name}) => text(`Hello ${name} (${context.era})`));
  server.registerTool(
    'count', {inputSchema: z.object({to: z.number()})},
    async ({to}, call) => {
      const progressToken = call.mcpReq._meta?.progressToken;
      for (let progress = 1; progress <= to; ++progress) {
        await sleep(50);
        if (progressToken !== undefined)
          await call.mcpReq.notify({
            method: 'notifications/progress',
            params: {progressToken, progress, total: to},
          });
      }
      return text('done');
    });
  return server;
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
  serveStdio(build);
} else {
  const handler = toNodeHandler(createMcpHandler(build));
  createServer(handler).listen(
    Number(port), '127.0.0.1', () => console.error('listening'));
}

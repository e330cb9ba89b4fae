/** The server half of `hone web`: pages for a browser on this machine. The browser half is in ui/. */
export { startWeb, type WebServer, type WebServerOptions } from './web-server.ts';

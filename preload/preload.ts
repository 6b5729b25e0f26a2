import { ipcRenderer } from 'electron/renderer';

// Hands the page its port and nothing else: no function and no channel's name crosses into its world.
ipcRenderer.on('holdfast:port', (event) => {
  window.postMessage({ type: 'holdfast:port' }, window.location.origin, event.ports);
});

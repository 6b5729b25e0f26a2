// The program of the desk's utility process. What it does stands in main/desk.
import process from 'node:process';
import { serveDeskBehindPorts } from '#desk/desk-behind-ports.ts';

serveDeskBehindPorts(process.parentPort, (code) => process.exit(code));

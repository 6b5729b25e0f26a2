import * as z from 'zod';

// A window may not make code from text: zod parses without it instead of trying and being refused.
// Imported before any schema is made, which is when zod tries.
z.config({ jitless: true });

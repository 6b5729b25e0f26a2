import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** Who is calling, read from what the exchange or the operator wrote. */
export type ReadCallerNumber =
  | {
      readonly kind: 'number';
      /** The one spelling that numbers are compared and linked by. */
      readonly e164: string;
      /** The spelling people read aloud: national at home, international from abroad. */
      readonly shown: string;
      /** False where the numbering plan does not know the number: kept, with a reason to ask again. */
      readonly isRecognised: boolean;
    }
  | { readonly kind: 'short-code'; readonly code: string; readonly shown: string }
  | { readonly kind: 'withheld' }
  | { readonly kind: 'unreadable'; readonly text: string };

const HOME_CALLING_CODE = '44'; // with Jersey, Guernsey and the Isle of Man

// Emergency, the European emergency number, the police, and text relay to 999.
const SHORT_CODES: readonly string[] = ['999', '112', '101', '18000'];

const WITHHELD = /^(?:anonymous|withheld|private|restricted|(?:number|caller) withheld)$/i;

/** Kept by Ofcom for drama, so that no story and no test rings anybody. Never in a numbering plan. */
const DRAMA = [
  /^\+447700900\d{3}$/,
  /^\+441632960\d{3}$/,
  /^\+44(?:113|114|115|116|117|118|121|131|141|151|161|191)4960\d{3}$/,
  /^\+442079460\d{3}$/,
  /^\+442890180\d{3}$/,
  /^\+442920180\d{3}$/,
  /^\+44808157\d{4}$/,
  /^\+449098790\d{3}$/,
  /^\+443069990\d{3}$/,
];

const TEXT_MAX = 200; // a SIP address with its parameters

/**
 * Reads a number in any usual spelling, as a telephone URI too, with the United Kingdom as home. A number
 * of a possible length that the plan does not know is kept: plans change, and a caller's number is
 * never thrown away. What cannot be read comes back as it was written.
 */
export function parseCallerNumber(text: string): ReadCallerNumber {
  const written = text.trim();
  if (written.length > TEXT_MAX) return { kind: 'unreadable', text };
  const bare = withoutUri(written);
  if (WITHHELD.test(bare)) return { kind: 'withheld' };

  const code = bare.replaceAll(/[\s.-]/g, '');
  if (SHORT_CODES.includes(code)) return { kind: 'short-code', code, shown: code };

  const parsed = parsePhoneNumberFromString(bare, { defaultCountry: 'GB', extract: false });
  if (!parsed) return { kind: 'unreadable', text };
  const e164 = parsed.number;
  const isRecognised = parsed.isValid() || DRAMA.some((range) => range.test(e164));
  if (!isRecognised && !parsed.isPossible()) return { kind: 'unreadable', text };
  const isHome = parsed.countryCallingCode === HOME_CALLING_CODE;
  const shown = isHome ? parsed.formatNational() : parsed.formatInternational();
  return { kind: 'number', e164, shown, isRecognised };
}

/** The number within `tel:…;…` or `sip:…@…`; any other text as it is. */
const withoutUri = (text: string) => /^(?:tel|sips?):([^@;]*)/i.exec(text)?.[1] ?? text;

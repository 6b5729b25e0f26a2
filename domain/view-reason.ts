import * as z from 'zod';

/**
 * Why somebody looks at a record of which they are not at work: asked where a purpose cannot be inferred.
 * The list is ours, from the law-enforcement purposes of section 31 of the Data Protection Act 2018 and
 * from what senior investigators follow a log for; a force's data protection officer has to confirm it.
 */
export const viewReasons = [
  { code: 'investigation', words: 'Investigating this incident or an offence in it' },
  { code: 'safeguarding', words: 'Protecting a victim, a child or an adult at risk' },
  { code: 'officer-safety', words: 'Safety of officers who go there or are there' },
  { code: 'linked', words: 'Linked to another incident or enquiry that I deal with' },
  { code: 'review', words: 'Review of what was done, a complaint or supervision' },
  { code: 'disclosure', words: 'Evidence or disclosure for a court' },
] as const;
export type ViewReasonCode = (typeof viewReasons)[number]['code'];

export const REASON_TEXT_MIN = 10; // "court case" is one; a single letter is none
export const REASON_TEXT_MAX = 300;

const codes = viewReasons.map(({ code }) => code) as [ViewReasonCode, ...ViewReasonCode[]]; // never empty

/** One of six, and in one's own words what it is for. It stands in the audit, and in no technical log. */
export const viewReason = z.strictObject({
  code: z.enum(codes),
  text: z.string().trim().min(REASON_TEXT_MIN).max(REASON_TEXT_MAX),
});
export type ViewReason = z.infer<typeof viewReason>;

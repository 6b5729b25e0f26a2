/** A British number as people read it aloud; any other as it came. */
export function spaced(number: string): string {
  const national = number.startsWith('+44') ? `0${number.slice(3)}` : number;
  return /^07\d{9}$/.test(national) ? `${national.slice(0, 5)} ${national.slice(5)}` : national;
}

/** Why a file is refused as a whole, and where; line and column from 1, the column in characters. */
export interface FileFault {
  readonly line: number;
  readonly column: number;
  readonly reason:
    | 'empty'
    | 'file-too-large'
    | 'line-too-long'
    | 'too-many-rows'
    | 'not-utf-8'
    | 'control-character'
    | 'unclosed-quote'
    | 'stray-quote'
    | 'wrong-header'
    | 'column-count';
  readonly message: string;
}

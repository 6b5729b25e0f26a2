import { selectOthersAt } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';

/** Who else has this record before them, so that two people do not say the same to one caller. */
export function OthersHere({ stream }: { readonly stream: string | undefined }) {
  const others = useWindow(selectOthersAt(stream));
  if (others.length === 0) return null;
  return (
    <p className="others-here" data-testid="others-here">
      {others.map(({ id, who, isTyping }) => (
        <span key={id} data-desk={id} data-typing={isTyping}>
          <span aria-hidden="true">{isTyping ? '✎' : '◉'}</span> <b>{id}</b> {who?.name}{' '}
          {isTyping ? 'is writing here' : 'has it open'}
        </span>
      ))}
    </p>
  );
}

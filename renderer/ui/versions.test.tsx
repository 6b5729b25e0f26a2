import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Versions } from './SeatBar.tsx';

const shown = (desk: string, server: string | undefined) =>
  renderToStaticMarkup(<Versions desk={desk} server={server} />);

test('one release is shown once, and a server of another one beside it and marked', () => {
  expect(shown('0.1.0', undefined)).toContain('>v0.1.0<');
  expect(shown('0.1.0', '0.1.0')).toContain('>v0.1.0<');
  const both = shown('0.1.0', '0.1.1');
  expect(both).toContain('>desk 0.1.0, server 0.1.1<');
  expect(both).toContain('is-warning');
});

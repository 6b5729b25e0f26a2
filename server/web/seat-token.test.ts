import { expect, test } from 'vitest';
import { seatCookie, seatToken } from './seat-token.ts';

const token = 'x'.repeat(43);
const asked = (cookie: string, host = 'holdfast.example') => ({ headers: { host, cookie } });

test('over TLS the cookie is held to this host and goes over TLS only', () => {
  expect(seatCookie(asked(''), { token, isTls: true })).toBe(
    `__Host-holdfast-seat=${token}; Path=/; HttpOnly; SameSite=Strict; Secure`,
  );
  expect(seatToken(asked(`a=b; __Host-holdfast-seat=${token}`), true)).toBe(token);
});

test('a cookie of another name, port or shape is none, and neither are two of ours', () => {
  const mine = `holdfast-seat-7100=${token}`;
  const tokens = [
    [mine, '127.0.0.1:7100'],
    [mine, '127.0.0.1:7200'],
    [`${mine}; ${mine}`, '127.0.0.1:7100'],
    [`holdfast-seat-7100=${token}"`, '127.0.0.1:7100'],
    [`xholdfast-seat-7100=${token}`, '127.0.0.1:7100'],
    ['', '127.0.0.1:7100'],
  ].map(([cookie = '', host]) => seatToken(asked(cookie, host), false));
  expect(tokens).toEqual([token, '', '', '', '', '']);
});

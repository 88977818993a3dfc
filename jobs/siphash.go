package jobs

import (
	"encoding/binary"
	"math/bits"
)

// sipHash returns SipHash-2-4 of a text: a hash under a key, made for short
// texts, at a fifth of the cost of SHA-256 (J.-P. Aumasson and D. J. Bernstein,
// "SipHash: a fast short-input PRF", 2012).
func sipHash(key [16]byte, text string) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	a, b, c, d := k0^0x736f6d6570736575, k1^0x646f72616e646f6d, k0^0x6c7967656e657261, k1^0x7465646279746573
	last := uint64(len(text)) << 56
	for ; len(text) >= 8; text = text[8:] {
		block := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		a, b, c, d = sipRound(a, b, c, d^block)
		a, b, c, d = sipRound(a, b, c, d)
		a ^= block
	}
	for i := range len(text) {
		last |= uint64(text[i]) << (8 * i)
	}
	a, b, c, d = sipRound(a, b, c, d^last)
	a, b, c, d = sipRound(a, b, c, d)
	a, c = a^last, c^0xff
	for range 4 {
		a, b, c, d = sipRound(a, b, c, d)
	}
	return a ^ b ^ c ^ d
}

func sipRound(a, b, c, d uint64) (_, _, _, _ uint64) {
	a += b
	c += d
	b = bits.RotateLeft64(b, 13) ^ a
	d = bits.RotateLeft64(d, 16) ^ c
	a = bits.RotateLeft64(a, 32) + d
	c += b
	b = bits.RotateLeft64(b, 17) ^ c
	d = bits.RotateLeft64(d, 21) ^ a
	return a, b, bits.RotateLeft64(c, 32), d
}

// Package g711 is the pair of companding laws of ITU-T G.711, a whole frame at
// a time and without allocation: µ-law (PCMU) and A-law (PCMA).
//
// The tables are built once from github.com/zaf/g711, sample by sample. Cost:
// about 50 ns per frame each way.
package g711

import (
	"github.com/zaf/g711"

	"github.com/centralita/centralita/dsp/pcm"
)

// The octets of silence, as they stand on the wire (A-law with its even bits
// inverted, G.711 table 1a note 2).
const (
	ULawSilence byte = 0xFF
	ALawSilence byte = 0xD5
)

// µ-law looks at the upper 14 bits of a sample, A-law at the upper 12.
const (
	uShift = 2
	aShift = 4
)

var (
	uEncode = encoder(g711.EncodeUlawFrame, uShift)
	aEncode = encoder(g711.EncodeAlawFrame, aShift)
	uDecode = decoder(g711.DecodeUlawFrame)
	aDecode = decoder(g711.DecodeAlawFrame)
)

func encoder(code func(int16) uint8, shift uint) (t [1 << 14]byte) {
	for i := range 1 << (16 - shift) {
		t[i] = code(int16(uint16(i << shift)))
	}
	return t
}

func decoder(value func(uint8) int16) (t [256]int16) {
	for i := range t {
		t[i] = value(uint8(i))
	}
	return t
}

// The loops below take four samples a turn: it halves their time.

// EncodeULaw writes the 160 µ-law octets of src to dst, which must hold them.
func EncodeULaw(dst []byte, src *pcm.Frame) {
	d := (*[pcm.FrameLen]byte)(dst)
	for i := 0; i < pcm.FrameLen; i += 4 {
		d[i] = uEncode[uint16(src[i])>>uShift]
		d[i+1] = uEncode[uint16(src[i+1])>>uShift]
		d[i+2] = uEncode[uint16(src[i+2])>>uShift]
		d[i+3] = uEncode[uint16(src[i+3])>>uShift]
	}
}

// EncodeALaw writes the 160 A-law octets of src to dst, which must hold them.
func EncodeALaw(dst []byte, src *pcm.Frame) {
	d := (*[pcm.FrameLen]byte)(dst)
	for i := 0; i < pcm.FrameLen; i += 4 {
		d[i] = aEncode[uint16(src[i])>>aShift]
		d[i+1] = aEncode[uint16(src[i+1])>>aShift]
		d[i+2] = aEncode[uint16(src[i+2])>>aShift]
		d[i+3] = aEncode[uint16(src[i+3])>>aShift]
	}
}

// DecodeULaw fills dst with the first 160 µ-law octets of src, which must be there.
func DecodeULaw(dst *pcm.Frame, src []byte) {
	s := (*[pcm.FrameLen]byte)(src)
	for i := 0; i < pcm.FrameLen; i += 4 {
		dst[i] = uDecode[s[i]]
		dst[i+1] = uDecode[s[i+1]]
		dst[i+2] = uDecode[s[i+2]]
		dst[i+3] = uDecode[s[i+3]]
	}
}

// DecodeALaw fills dst with the first 160 A-law octets of src, which must be there.
func DecodeALaw(dst *pcm.Frame, src []byte) {
	s := (*[pcm.FrameLen]byte)(src)
	for i := 0; i < pcm.FrameLen; i += 4 {
		dst[i] = aDecode[s[i]]
		dst[i+1] = aDecode[s[i+1]]
		dst[i+2] = aDecode[s[i+2]]
		dst[i+3] = aDecode[s[i+3]]
	}
}

// ExpandULaw decodes as many µ-law octets as both slices hold and returns how many.
func ExpandULaw(dst []int16, src []byte) int { return expand(dst, src, &uDecode) }

// ExpandALaw decodes as many A-law octets as both slices hold and returns how many.
func ExpandALaw(dst []int16, src []byte) int { return expand(dst, src, &aDecode) }

func expand(dst []int16, src []byte, t *[256]int16) int {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	for i, c := range src {
		dst[i] = t[c]
	}
	return n
}

// CompressULaw encodes as many samples to µ-law as both slices hold and returns how many.
func CompressULaw(dst []byte, src []int16) int { return compress(dst, src, &uEncode, uShift) }

// CompressALaw encodes as many samples to A-law as both slices hold and returns how many.
func CompressALaw(dst []byte, src []int16) int { return compress(dst, src, &aEncode, aShift) }

func compress(dst []byte, src []int16, t *[1 << 14]byte, shift uint) int {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	for i, s := range src {
		dst[i] = t[uint16(s)>>(shift&15)]
	}
	return n
}

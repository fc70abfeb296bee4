package wav

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/centralita/centralita/dsp/pcm"
)

// WriteStereo writes a whole file of two channels in linear 16 bits; the shorter
// one ends in silence. A note is kept in the file as its comment, where players
// show it.
func WriteStereo(w io.Writer, left, right []int16, note string) error {
	const width = 4 // bytes of both samples
	n := max(len(left), len(right))
	le := binary.LittleEndian
	var info []byte
	if note != "" {
		text := append([]byte(note), 0)
		info = append(info, "INFOICMT"...)
		info = le.AppendUint32(info, uint32(len(text)))
		info = append(info, text...)
		if len(info)%2 == 1 {
			info = append(info, 0)
		}
	}
	size := 4 + 8 + 16 + 8 + width*n
	if info != nil {
		size += 8 + len(info)
	}
	if size > MaxBytes {
		return fmt.Errorf("cannot write WAV: %d samples of two channels are more than %d MiB", n, MaxBytes>>20)
	}
	b := make([]byte, 0, 8+size)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(size))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, uint16(PCM))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint32(b, pcm.Rate)
	b = le.AppendUint32(b, pcm.Rate*width)
	b = le.AppendUint16(b, width)
	b = le.AppendUint16(b, 16)
	if info != nil {
		b = append(b, "LIST"...)
		b = le.AppendUint32(b, uint32(len(info)))
		b = append(b, info...)
	}
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(width*n))
	at := func(s []int16, i int) uint16 {
		if i < len(s) {
			return uint16(s[i])
		}
		return 0
	}
	for i := range n {
		b = le.AppendUint16(b, at(left, i))
		b = le.AppendUint16(b, at(right, i))
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("cannot write WAV: %w", err)
	}
	return nil
}

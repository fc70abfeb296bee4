package wav

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestStereoIsReadBackWithItsNoteBetween(t *testing.T) {
	left, right := []int16{1, -2, 32767}, []int16{-32768, 5}
	for _, note := range []string{"", "why", "odd", "línea L1: dos tonos"} {
		var b bytes.Buffer
		if err := WriteStereo(&b, left, right, note); err != nil {
			t.Fatal(err)
		}
		a, err := ParseAny(b.Bytes())
		if err != nil || a.Channels != 2 || a.Rate != 8000 || a.Format != PCM {
			t.Fatalf("note %q: %+v, %v", note, a, err)
		}
		if got := a.Decode(); !slices.Equal(got, []int16{1, -32768, -2, 5, 32767, 0}) {
			t.Errorf("note %q: read %v", note, got)
		}
		if !strings.Contains(b.String(), note) {
			t.Errorf("the note %q is not in the file", note)
		}
		if n := int(b.Bytes()[4]) | int(b.Bytes()[5])<<8; n != b.Len()-8 {
			t.Errorf("note %q: the file says %d bytes, it has %d", note, n, b.Len()-8)
		}
	}
}

func TestStereoTellsWhatIsTooLongAndWhatCannotBeWritten(t *testing.T) {
	if err := WriteStereo(&bytes.Buffer{}, make([]int16, MaxBytes/4), nil, ""); err == nil {
		t.Error("more than MaxBytes is written")
	}
	if err := WriteStereo(broken{}, []int16{1}, nil, ""); err == nil {
		t.Error("a full disk is not told")
	}
}

package dots_test

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
)

const spanish = "ñáéíóúü¿¡ÑÁÉÍÓÚÜ·°"

func TestEveryLetterIsThereAndItsOwn(t *testing.T) {
	seen := map[display.Bitmap]rune{}
	all := []rune(spanish)
	for r := ' '; r <= '~'; r++ {
		all = append(all, r)
	}
	for _, r := range all {
		b, ok := dots.Of(r)
		if !ok {
			t.Errorf("the font lacks %q", r)
		}
		if twin, twice := seen[b]; twice {
			t.Errorf("%q and %q look the same", r, twin)
		}
		seen[b] = r
		if tail := b[7] != 0; tail != strings.ContainsRune("gjpqy", r) {
			t.Errorf("%q below the base line: %t", r, tail)
		}
	}
	if _, ok := dots.Of('Ж'); ok {
		t.Error("the font has a letter of no language of ours")
	}
}

// An accent stands above its letter, which the rest of it resembles.
func TestAccentsStandOnTheirLetters(t *testing.T) {
	for pair := range strings.SplitSeq("áa ée óo úu üu ñn", " ") {
		r := []rune(pair)
		with, _ := dots.Of(r[0])
		without, _ := dots.Of(r[1])
		if [6]uint8(with[2:]) != [6]uint8(without[2:]) {
			t.Errorf("%c is no %c with an accent", r[0], r[1])
		}
		if with[0] == 0 {
			t.Errorf("%c has no accent", r[0])
		}
	}
}

func TestPicture(t *testing.T) {
	var rows [8]string
	for _, r := range "¿Está ñ?" {
		b, _ := dots.Of(r)
		for i := range rows {
			for bit := 4; bit >= 0; bit-- {
				rows[i] += string(" #"[b[i]>>bit&1])
			}
			rows[i] += " "
		}
	}
	want := `
  #   #####        #       #         ###   ###
      #            #      #               #   #
  #   #      ###  ###    ###        # ##      #
 #    ####  #      #        #       ##  #    #
#     #      ###   #     ####       #   #   #
#   # #         #  #  # #   #       #   #
 ###  ##### ####    ##   ####       #   #   #
`
	var got strings.Builder
	for _, row := range rows {
		got.WriteString("\n" + strings.TrimRight(row, " "))
	}
	if got.String() != want {
		t.Errorf("drawn:%s\nwant:%s", got.String(), want)
	}
}

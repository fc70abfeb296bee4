package chips

import (
	"image"
	"image/color"
	"image/draw"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
)

// Colours of pictures.
const (
	white = iota
	black
	liquid // of an LCD's ground
	carbon // of an OLED's dots
	ember  // of lit segments
)

var palette = color.Palette{white: color.White, black: color.Black, liquid: color.RGBA{0x1B, 0x3A, 0x8C, 0xFF},
	carbon: color.RGBA{0x9F, 0xDC, 0xFF, 0xFF}, ember: color.RGBA{0xFF, 0x30, 0x20, 0xFF}}

// Measures of pictures, in their dots.
const (
	scale = 4 // a display's dot, the last of them dark
	edge  = 3 // of a display's dots, round a display
)

// slate is a picture of dots that are on.
type slate struct {
	*image.Paletted
	on uint8 // the colour of a dot
}

func blank(width, height int, ground, on uint8) slate {
	s := slate{image.NewPaletted(image.Rect(0, 0, (width+2*edge)*scale, (height+2*edge)*scale), palette), on}
	for i := range s.Pix {
		s.Pix[i] = ground
	}
	return s
}

// lit lights a dot.
func (s slate) lit(x, y int) {
	for i := range scale - 1 {
		for j := range scale - 1 {
			s.SetColorIndex((x+edge)*scale+i, (y+edge)*scale+j, s.on)
		}
	}
}

// cell draws b with its left upper dot at x, y.
func (s slate) cell(x, y int, b display.Bitmap) {
	for dy, bits := range b {
		for dx := range 5 {
			if bits>>(4-dx)&1 == 1 {
				s.lit(x+dx, y+dy)
			}
		}
	}
}

// strange is what the font has no letter for: signs of the ROMs, and a box for all others.
var strange = map[rune]display.Bitmap{
	'¥': {0x11, 0x0A, 0x1F, 0x04, 0x1F, 0x04, 0x04, 0},
	'→': {0, 0x04, 0x02, 0x1F, 0x02, 0x04, 0, 0},
	'▯': {0x1F, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1F},
}

func shape(r rune) display.Bitmap {
	if b, ok := dots.Of(r); ok {
		return b
	}
	if b, ok := strange[r]; ok {
		return b
	}
	return strange['▯']
}

// Cell is the dots of a cell: of an own glyph as they were sent; of a letter of the ROM as
// hal/display/dots draws it, for the data sheet's shapes are not here.
func (m *HD44780) Cell(row, col int) (b display.Bitmap) {
	if c := m.code(row, col); c < 16 { // 8 to 15 are 0 to 7 again
		copy(b[:], m.CGRAM[int(c&7)*8:])
		return b
	}
	return shape(m.letter(m.code(row, col)))
}

// Picture is what a person sees while the light is on.
func (m *HD44780) Picture() *image.Paletted {
	s := blank(m.cols*6-1, m.rows*9-1, liquid, white)
	for row := range m.rows {
		for col := range m.cols {
			s.cell(col*6, row*9, m.Cell(row, col))
		}
	}
	return s.Paletted
}

// Picture is what a person sees while the display is on.
func (m *SSD1306) Picture() *image.Paletted {
	s := blank(128, 64, black, carbon)
	for y := range 64 {
		for x := range 128 {
			if m.Dot(x, y) {
				s.lit(x, y)
			}
		}
	}
	return s.Paletted
}

// bars are the segments A to G of a digit, in dots from its left upper corner: where they
// begin, how wide and how high they are.
var bars = [7][4]int{{1, 0, 6, 2}, {7, 1, 2, 7}, {7, 9, 2, 7}, {1, 15, 6, 2}, {-1, 9, 2, 7}, {-1, 1, 2, 7}, {1, 7, 6, 2}}

// Picture is what a person sees while the light is on.
func (f Face) Picture() *image.Paletted {
	const pitch = 13
	s := blank(4*pitch+3, 17, black, ember)
	bar := func(x, y, width, height int) {
		for i := range width * height {
			s.lit(x+i%width, y+i/width)
		}
	}
	for i, d := range f.Digits {
		left := i*pitch + 1 + i/2*3 // the colon is in the middle
		for n, b := range bars {
			if d>>n&1 == 1 {
				bar(left+b[0], b[1], b[2], b[3])
			}
		}
	}
	if f.Colon {
		bar(2*pitch-1, 4, 2, 2)
		bar(2*pitch-1, 11, 2, 2)
	}
	return s.Paletted
}

// Label is a line of text on paper.
func Label(text string) *image.Paletted {
	s := blank(utf8.RuneCountInString(text)*6, 8, white, black)
	for i, r := range []rune(text) {
		s.cell(i*6, 0, shape(r))
	}
	return s.Paletted
}

// Above puts pictures below each other.
func Above(list ...*image.Paletted) *image.Paletted { return join(list, image.Pt(0, 1)) }

// Beside puts pictures beside each other.
func Beside(list ...*image.Paletted) *image.Paletted { return join(list, image.Pt(1, 0)) }

func join(list []*image.Paletted, way image.Point) *image.Paletted {
	const gap = 2 * scale
	var size, at image.Point
	places := make([]image.Rectangle, len(list))
	for i, p := range list {
		places[i] = p.Bounds().Add(at)
		size = image.Pt(max(size.X, places[i].Max.X), max(size.Y, places[i].Max.Y))
		at = image.Pt((places[i].Max.X+gap)*way.X, (places[i].Max.Y+gap)*way.Y)
	}
	out := image.NewPaletted(image.Rectangle{Max: size}, palette)
	for i, p := range list {
		draw.Draw(out, places[i], p, image.Point{}, draw.Src)
	}
	return out
}

// Letter is the digit, letter or sign that the segments draw, ▯ where they draw none; it
// knows them by the names that data sheets give to segments, not by the driver's bits.
func Letter(segments byte) rune {
	for r, want := range map[rune]byte{
		' ': 0, '-': seg("G"), '0': seg("ABCDEF"), '1': seg("BC"), '2': seg("ABGED"), '3': seg("ABGCD"), '4': seg("FGBC"),
		'5': seg("AFGCD"), '6': seg("AFGECD"), '7': seg("ABC"), '8': seg("ABCDEFG"), '9': seg("ABCDFG"),
		'A': seg("EFABCG"), 'C': seg("AFED"), 'E': seg("AFGED"), 'F': seg("AFGE"), 'H': seg("FEGBC"), 'L': seg("FED"), 'P': seg("FEABG"),
		'U': seg("FEDCB"), 'b': seg("FEGCD"), 'd': seg("BCGED"), 'h': seg("FEGC"), 'n': seg("EGC"), 'o': seg("EGCD"), 'r': seg("EG"), 't': seg("FGED"),
	} {
		if segments == want {
			return r
		}
	}
	return '▯'
}

// seg is the byte of the segments that names name, A in bit 0.
func seg(names string) (b byte) {
	for _, n := range names {
		b |= 1 << (n - 'A')
	}
	return b
}

// Text is the face as it is read: its digits, and the colon.
func (f Face) Text() string {
	out := make([]rune, 0, 5)
	for i, d := range f.Digits {
		if i == 2 && f.Colon {
			out = append(out, ':')
		}
		out = append(out, Letter(d))
	}
	return string(out)
}

// Package display is the contract of a character display: rows of equal cells,
// a backlight, and a few glyphs of one's own.
package display

// Light is the backlight.
type Light uint8

// Levels of light. A display that cannot be dimmed shows Dim as Full.
const (
	Off Light = iota
	Dim
	Full
)

// String returns the level's name.
func (l Light) String() string {
	switch l {
	case Off:
		return "off"
	case Dim:
		return "dim"
	case Full:
		return "full"
	}
	return "light?"
}

// Bitmap is a glyph of five by eight dots: row 0 on top, bit 4 at the left.
type Bitmap [8]uint8

// MaxGlyphs is how many glyphs of one's own the common controllers hold.
const MaxGlyphs = 8

// Glyph returns the rune that shows the own glyph in slot 0..MaxGlyphs-1.
func Glyph(slot int) rune { return 0xE000 + rune(slot) }

// Display is a driver. It is used by one goroutine.
type Display interface {
	// Size returns columns and rows; it never changes.
	Size() (cols, rows int)
	// Has reports whether the display can draw r by itself. Every display has
	// the printable ASCII characters.
	Has(r rune) bool
	// Glyphs returns how many own glyphs can be defined, 0..MaxGlyphs.
	Glyphs() int
	// Define draws the own glyph slot, which Glyph(slot) shows from then on.
	Define(slot int, b Bitmap) error
	// Write shows text in row, from the left. It must be exactly one row wide,
	// counted in runes; each rune must be one that Has or a defined glyph. On
	// an error the row stays as it was.
	Write(row int, text string) error
	// Backlight sets the light.
	Backlight(l Light) error
	// Close blanks the display, puts out the light and gives the hardware
	// back. Everything fails after it but a second Close, which does nothing.
	Close() error
}

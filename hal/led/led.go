// Package led is the contract of a strip of indicator lamps: one per port in
// the order of the box, and one for the health of the house.
package led

// Colour is what one lamp shows at an instant. Rhythms are made by whoever
// calls Set in time; a driver never blinks by itself.
type Colour uint8

// Colours. A lamp of one colour shows every colour but Dark as lit, and
// DimAmber dim where it can.
const (
	Dark Colour = iota
	Green
	Red
	Amber    // green and red together
	DimAmber // amber at about a quarter of its light
)

// String returns the colour's name.
func (c Colour) String() string {
	switch c {
	case Dark:
		return "dark"
	case Green:
		return "green"
	case Red:
		return "red"
	case Amber:
		return "amber"
	case DimAmber:
		return "dim amber"
	}
	return "colour?"
}

// Strip is a driver of lamps. It is used by one goroutine.
type Strip interface {
	// Lamps returns how many port lamps the strip has; the health lamp comes
	// after them, at index Lamps().
	Lamps() int
	// Set lights lamp i, 0..Lamps(), in colour c. Before the first Set and
	// after Close every lamp is dark. An index or colour that does not exist
	// is an error and changes nothing.
	Set(i int, c Colour) error
	// Close darkens the strip and gives the hardware back. Set fails after it;
	// a second Close does nothing.
	Close() error
}

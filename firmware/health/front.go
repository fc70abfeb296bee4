package health

import "github.com/centralita/centralita/firmware/view"

// FrontParts are the parts of the box's front that can be lost while it works.
var FrontParts = []string{"display", "lamps", "digits"}

// FrontGone is the condition of a part of the front, one of FrontParts, that was there
// and does not answer any more.
func FrontGone(part string) Condition {
	c := Condition{
		ID: "front." + part, Rank: view.Attention,
		HintES: "Mire su cable.", HintEN: "Look at its cable.",
	}
	switch part {
	case "display":
		c.ES, c.EN = "La pantalla no responde", "The display is gone"
	case "lamps":
		c.ES, c.EN = "Las luces no responden", "The lamps are gone"
	default:
		c.ES, c.EN = "El contador no responde", "The digits are gone"
	}
	return c
}

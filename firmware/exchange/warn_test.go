package exchange

import (
	"fmt"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Who is warned that a second party's time is up is he who called it, not the
// caller from outside whom he has on hold.
func TestSecondPartyIsWarnedOf(t *testing.T) {
	w := story(t, only, limited(numbering.Limit{Name: "corta", PerCall: 2 * time.Minute}))
	outside := w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "0910000001")
	w.wait(15 * time.Second)
	w.post(OnPort{"L2", port.Polarity{Reversed: true}})
	w.did = nil
	w.wait(100 * time.Second)
	w.fact(call.Warned)
	w.must(fmt.Sprintf("tone %s to leg %d", tel.ToneConfirm, w.audioOf("F1")))
	w.never(fmt.Sprintf("tone %s to leg %d", tel.ToneConfirm, outside))
}

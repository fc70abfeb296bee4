package office

import (
	"testing"
	"time"
)

// While nothing happens on lines and phones the picture follows the rooms that
// tell the loop nothing, such as the book.
func TestQuietHouseShowsItsBook(t *testing.T) {
	bubble(t, 1, func(o *Office) {
		<-time.After(5 * time.Second)
		if last, shown := o.Facts()[len(o.Facts())-1].Seq, o.House().View().Book.Last; shown != last {
			t.Errorf("the picture shows %d facts, the book has %d", shown, last)
		}
	})
}

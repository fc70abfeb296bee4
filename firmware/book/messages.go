package book

import (
	"context"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Messages returns how many messages wait for the owner of each phone, as was last
// told; phones without any are left out.
func (d *reader) Messages(ctx context.Context) (map[tel.Number]int, error) {
	rows, err := d.rows(ctx, `SELECT `+rowColumns+` FROM event WHERE kind = '`+string(call.MessagesAt)+`' ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	out := map[tel.Number]int{}
	for _, r := range rows {
		f, err := r.Fact()
		if err != nil {
			return nil, err
		}
		out[f.Ext] = int(f.Millis)
		if f.Millis == 0 {
			delete(out, f.Ext)
		}
	}
	return out, nil
}

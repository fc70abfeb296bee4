package app

import (
	"cmp"
	"context"
	"time"

	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/tel"
)

// keeperWait is how long the keeper may take for what is no long work.
const keeperWait = 20 * time.Second

// askKeeper asks for something short.
func (h *House) askKeeper(ctx context.Context, name string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, keeperWait)
	defer cancel()
	return h.keeper.Do(ctx, name, params, nil, result)
}

// keeperAt is the keeper of the command line's path, or where the image's listens.
func keeperAt(path string) *keeper.Client { return keeper.Dial(cmp.Or(path, keeper.Socket)) }

// whose names a person for the book: his account, and the door he came by.
func whose(who tel.Who) string {
	if who.Name == string(who.Via) || who.Name == "" {
		return string(who.Via)
	}
	return who.Name + " at " + string(who.Via)
}

package media

// Tick runs one tick of every shard; Run must not be running.
func (e *Engine) Tick() {
	for _, s := range e.shards {
		s.tick()
	}
}

// Percentile lets tests see the histogram's arithmetic.
var (
	BucketOf = bucket
	BoundOf  = bound
)

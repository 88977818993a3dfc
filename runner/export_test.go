package runner

// SetJitter has the waits between attempts drawn by random, so that a run can
// be repeated exactly.
func (o *Options) SetJitter(random func() float64) { o.random = random }

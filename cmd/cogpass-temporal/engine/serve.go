package engine

import (
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// drainTime is for requests in flight, which have 30 s, and for what is to be written
// of them.
const drainTime = 45 * time.Second

// NewWorker returns a worker that carries out so many batches at a time at most. It sets
// the Claimer and the Server of workers. Its Stop hands the rest of its batches to others.
func NewWorker(server client.Client, namespace string, workers *Workers, batches int) worker.Worker {
	host, _ := os.Hostname()
	name := fmt.Sprintf("cogpass %d@%s", os.Getpid(), host)
	workers.Claimer = Heartbeats{Service: server.WorkflowService(), Namespace: namespace, Identity: name}
	workers.Server = server
	w := worker.New(server, Queue, worker.Options{Identity: name, MaxConcurrentActivityExecutionSize: batches, WorkerStopTimeout: drainTime})
	w.RegisterWorkflow(RunWorkflow)
	w.RegisterWorkflow(LaneWorkflow)
	w.RegisterActivity(workers)
	return w
}

// A Restate service with as many durable steps as it is told to take: the peer of an execution with as many operations.
import { createServer } from "node:http2";
import { endpoint, service } from "@restatedev/restate-sdk";

// The SDK wants Node.js 22; this is all that it misses in 20.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};

const steps = service({
  name: "Steps",
  handlers: {
    run: async (context, count) => {
      for (let number = 0; number < count; number += 1) await context.run(`step-${number}`, () => ({ number }));
      return count;
    },
  },
});

createServer(endpoint().bind(steps).http2Handler()).listen(Number(process.argv[2]), "127.0.0.1");

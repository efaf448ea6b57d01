"""The training step of lut_speed.c in PyTorch, for comparison: three layers of 4000, 4000 and 2000 soft
tables of two inputs on 2,230 bits and 128 samples, GroupSum, cross-entropy, Adam; by whole tensors, signals
in rows, as fast as we could make it in eager mode. The fastest step, on one thread.

    torch_lut.py [THREADS] [REPEATS]
"""

import math
import sys
import time

import torch

INPUTS, WIDTHS, BATCH, CLASSES = 2230, (4000, 4000, 2000), 128, 10


class Layer:
    """y = p0 + c1 a + b (c2 + c3 a) of logistic tables, wires fixed."""

    def __init__(self, n_in, n_out):
        self.a = torch.randint(n_in, (n_out,))
        self.b = torch.randint(n_in, (n_out,))
        self.w = (0.3 * torch.randn(4, n_out) + torch.tensor([-2.0, 2.0, -2.0, 2.0])[:, None])
        self.w.requires_grad_()

    def __call__(self, x):
        a, b = x.index_select(0, self.a), x.index_select(0, self.b)
        p = torch.sigmoid(self.w)[:, :, None]
        c1, c2 = p[1] - p[0], p[2] - p[0]
        c3 = p[3] - p[2] - c1
        return torch.addcmul(torch.addcmul(p[0], c1, a), b, torch.addcmul(c2, c3, a))


class Training:
    def __init__(self):
        sizes = (INPUTS,) + WIDTHS
        self.layers = [Layer(n_in, n_out) for n_in, n_out in zip(sizes, WIDTHS)]
        self.adam = torch.optim.Adam([layer.w for layer in self.layers], lr=0.02, foreach=True)
        self.bits = (torch.rand(INPUTS, 8 * BATCH) < 0.5).float()
        self.label = torch.randint(CLASSES, (8 * BATCH,))

    def step(self):
        at = torch.randint(8 * BATCH, (BATCH,))
        x = self.bits.index_select(1, at)
        for layer in self.layers:
            x = layer(x)
        scores = x.view(CLASSES, WIDTHS[-1] // CLASSES, BATCH).sum(1).t() * 0.14
        loss = torch.nn.functional.cross_entropy(scores, self.label[at])
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()


def main(words):
    torch.set_num_threads(int(words[0]) if words else 1)
    torch.manual_seed(1)
    training, best = Training(), math.inf
    for _ in range(int(words[1]) if len(words) > 1 else 30):
        start = time.perf_counter()
        training.step()
        best = min(best, time.perf_counter() - start)
    print("torch.lut_step\t%.6g\ts\t-\t-" % best)


if __name__ == "__main__":
    main(sys.argv[1:])

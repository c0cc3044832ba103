import { type Tensor, tidy } from '@weightloom/tensor-gpu';

/** The number that `make` computes. Read without holding up the device, as between steps of training everything should be. */
export async function numberOf(make: () => Tensor): Promise<number> {
  const t = tidy(make);
  try {
    return (await t.data())[0]!;
  } finally {
    t.dispose();
  }
}
